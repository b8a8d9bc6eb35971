package config

import "fmt"

// memoryDangers says why counts in memory are likely to be lost: the host replaces its
// processes, or there is a Redis under another variable.
func memoryDangers(getenv func(string) string) []string {
	var dangers []string
	for _, variable := range redisVariables() {
		if getenv(variable) != "" {
			dangers = append(dangers, fmt.Sprintf("counts are kept in memory, and end with the process: %s is set, but REDIS_URL is not; "+
				"set REDIS_URL to the value of %s", variable, variable))
			break
		}
	}
	for _, host := range passingHosts() {
		if getenv(host.variable) != "" {
			dangers = append(dangers, fmt.Sprintf("counts are kept in memory, and end with the process, which %s replaces now and then (%s is set); "+
				"set REDIS_URL to a Redis that keeps them", host.name, host.variable))
			break
		}
	}
	return dangers
}

// fileDangers says why counts in a file are likely to be lost: the host gives each process
// an empty disk.
func fileDangers(getenv func(string) string) []string {
	for _, host := range passingHosts() {
		if host.emptyDisk && getenv(host.variable) != "" {
			return []string{fmt.Sprintf("counts are kept in DATA_FILE, and end with the process, whose disk %s empties (%s is set); "+
				"unset DATA_FILE and set REDIS_URL to a Redis that keeps them", host.name, host.variable)}
		}
	}
	return nil
}

// redisVariables are the names under which hosts and add-ons give the address of a Redis or
// a compatible server.
func redisVariables() []string {
	return []string{
		"REDIS_TLS_URL", "REDISCLOUD_URL", "REDISTOGO_URL", "REDISGREEN_URL", "OPENREDIS_URL", "STACKHERO_REDIS_URL_TLS",
		"STACKHERO_REDIS_URL_CLEAR", "UPSTASH_REDIS_URL", "SCALINGO_REDIS_URL", "FLY_REDIS_CACHE_URL",
		"REDIS_PRIVATE_URL", "REDIS_PUBLIC_URL", "REDIS_URI", "REDIS_CONNECTION_STRING",
		"KV_URL", "VALKEY_URL", "VALKEY_TLS_URL", "KEYDB_URL", "DRAGONFLY_URL",
	}
}

// passingHost is a host that replaces processes now and then, and the variable that shows
// that the program runs there.
type passingHost struct {
	variable, name string
	emptyDisk      bool // a file does not outlive the process
}

func passingHosts() []passingHost {
	return []passingHost{
		{"DYNO", "Heroku", true},
		{"K_SERVICE", "Cloud Run", true},
		{"GAE_SERVICE", "App Engine", true},
		{"FLY_APP_NAME", "Fly.io", false},
		{"RENDER", "Render", false},
		{"RAILWAY_ENVIRONMENT_NAME", "Railway", false},
		{"KOYEB_APP_NAME", "Koyeb", false},
		{"NF_HOSTNAME", "Northflank", false},
		{"CF_INSTANCE_INDEX", "Cloud Foundry", true},
		{"WEBSITE_SITE_NAME", "Azure App Service", false},
		{"CONTAINER_APP_NAME", "Azure Container Apps", false},
		{"ECS_CONTAINER_METADATA_URI_V4", "Amazon ECS", false},
		{"AWS_LAMBDA_FUNCTION_NAME", "AWS Lambda", true},
		{"KUBERNETES_SERVICE_HOST", "Kubernetes", false},
	}
}

package config

import "fmt"

// memoryDangers says why counts in memory are likely to be lost: the host ends its processes
// when it likes to, or there is a Redis that only has another name here.
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

// redisVariables are what hosts and add-ons call the address of a Redis, or of a server that
// speaks its protocol.
func redisVariables() []string {
	return []string{
		"REDIS_TLS_URL", "REDISCLOUD_URL", "REDISTOGO_URL", "REDISGREEN_URL", "OPENREDIS_URL", "STACKHERO_REDIS_URL_TLS",
		"STACKHERO_REDIS_URL_CLEAR", "UPSTASH_REDIS_URL", "SCALINGO_REDIS_URL", "FLY_REDIS_CACHE_URL",
		"REDIS_PRIVATE_URL", "REDIS_PUBLIC_URL", "REDIS_URI", "REDIS_CONNECTION_STRING",
		"KV_URL", "VALKEY_URL", "VALKEY_TLS_URL", "KEYDB_URL", "DRAGONFLY_URL",
	}
}

// passingHost is where processes come and go by themselves, and the variable that tells.
type passingHost struct{ variable, name string }

func passingHosts() []passingHost {
	return []passingHost{
		{"DYNO", "Heroku"},
		{"K_SERVICE", "Cloud Run"},
		{"GAE_SERVICE", "App Engine"},
		{"FLY_APP_NAME", "Fly.io"},
		{"RENDER", "Render"},
		{"RAILWAY_ENVIRONMENT_NAME", "Railway"},
		{"KOYEB_APP_NAME", "Koyeb"},
		{"NF_HOSTNAME", "Northflank"},
		{"CF_INSTANCE_INDEX", "Cloud Foundry"},
		{"WEBSITE_SITE_NAME", "Azure App Service"},
		{"CONTAINER_APP_NAME", "Azure Container Apps"},
		{"ECS_CONTAINER_METADATA_URI_V4", "Amazon ECS"},
		{"AWS_LAMBDA_FUNCTION_NAME", "AWS Lambda"},
		{"KUBERNETES_SERVICE_HOST", "Kubernetes"},
	}
}

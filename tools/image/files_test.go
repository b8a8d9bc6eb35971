package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"example.com/herokuapp/tools/internal/treetest"
)

const top = "../.."

// instructions returns the instructions of the last stage of a Dockerfile, each as its name and
// the rest of its line.
func instructions(text string) map[string][]string {
	found := map[string][]string{}
	for line := range strings.Lines(regexp.MustCompile(`\\\n\s*`).ReplaceAllString(text, " ")) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case name == "FROM":
			found = map[string][]string{}
			fallthrough
		case name != "" && !strings.HasPrefix(name, "#"):
			found[name] = append(found[name], rest)
		}
	}
	return found
}

// The Dockerfile makes an image with the entrypoint, user, port and volume of the one that this
// tool makes, from a program that is built alike.
func TestDockerfile(t *testing.T) {
	text := treetest.Read(t, top, "Dockerfile")
	got := instructions(text)
	list, err := json.Marshal([]string{entrypoint})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"FROM": "scratch", "ENTRYPOINT": string(list), "USER": user, "EXPOSE": port, "VOLUME": volume, "WORKDIR": volume} {
		if !slices.Equal(got[name], []string{want}) {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for _, want := range []string{
		"--from=build /app " + entrypoint, "--from=build --chown=" + user + " " + volume + " " + volume,
		"--from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/",
	} {
		if !slices.Contains(got["COPY"], want) {
			t.Errorf("there is no COPY %s", want)
		}
	}
	if len(got["COPY"]) != 3 || len(got["CMD"]) > 0 {
		t.Errorf("the image has more than it needs: %q", got)
	}
	for _, part := range []string{"CGO_ENABLED=0 ", " -trimpath ", `-ldflags="-s -w `, "GOOS=$TARGETOS GOARCH=$TARGETARCH", "config.linkedRevision=$REVISION"} {
		if !strings.Contains(text, part) {
			t.Errorf("it does not build with %s", part)
		}
	}
	if goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(treetest.Read(t, top, "go.work")); !strings.Contains(text, " golang:"+goVersion[1]+"-") {
		t.Errorf("it does not build with Go %s", goVersion[1])
	}
}

// service is what the test looks at of a service in compose.yaml.
type service struct {
	Build, Image    string
	Ports, Profiles []string
	Volumes         []string
	Environment     map[string]string
	Command         []string
	ReadOnly        bool     `yaml:"read_only"`
	CapDrop         []string `yaml:"cap_drop"`
	StopGracePeriod string   `yaml:"stop_grace_period"`
}

// compose.yaml runs the image with its counts in a volume, and with the profile redis in a Redis
// that keeps them.
func TestCompose(t *testing.T) {
	var compose struct {
		Services map[string]service
		Volumes  map[string]any
	}
	if err := yaml.Unmarshal([]byte(treetest.Read(t, top, "compose.yaml")), &compose); err != nil {
		t.Fatal(err)
	}
	inner, _, _ := strings.Cut(port, "/")
	for name, profiles := range map[string][]string{"counter": nil, "counter-redis": {"redis"}} {
		s := compose.Services[name]
		if s.Build != "." || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || s.StopGracePeriod != "30s" || !slices.Equal(s.Profiles, profiles) {
			t.Errorf("%s: %+v", name, s)
		}
		if len(s.Ports) != 1 || !strings.HasPrefix(s.Ports[0], "127.0.0.1:") || !strings.HasSuffix(s.Ports[0], ":"+inner) {
			t.Errorf("%s: the ports are %q", name, s.Ports)
		}
	}
	file := compose.Services["counter"]
	volumeName, mounted, _ := strings.Cut(strings.Join(file.Volumes, " "), ":")
	if _, ok := compose.Volumes[volumeName]; !ok || mounted != volume || !strings.HasPrefix(file.Environment["DATA_FILE"], volume+"/") {
		t.Errorf("counter: the file is not in the volume: %+v", file)
	}
	redis := compose.Services["redis"]
	command := strings.Join(redis.Command, " ")
	if !slices.Equal(redis.Profiles, []string{"redis"}) || !strings.Contains(command, "--appendonly yes --appendfsync always") ||
		!slices.Equal(redis.Volumes, []string{"redis:/data"}) || len(redis.Ports) > 0 {
		t.Errorf("redis: %+v", redis)
	}
	if got := compose.Services["counter-redis"].Environment["REDIS_URL"]; got != "redis://redis:6379" {
		t.Errorf("counter-redis: REDIS_URL is %q", got)
	}
}

// Package deploy tests the files in deploy, and what docs/deploying.md says about them. It has only
// tests. The schemas in testdata are those of SchemaStore, under the Apache License 2.0. Render's
// schema may not be passed on, so the test lists its fields.
package deploy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"example.com/herokuapp/tools/internal/treetest"
)

const top = "../.."

// validate fails the test unless the schema in testdata accepts the value.
func validate(t *testing.T, schema string, value any) {
	t.Helper()
	compiled, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", schema))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Error(err)
	}
}

// knows fails the test unless the README lists the variable.
func knows(t *testing.T, variable string) {
	t.Helper()
	if !strings.Contains(treetest.Read(t, top, "README.md"), "\n| `"+variable+"` |") {
		t.Errorf("the program has no variable %s", variable)
	}
}

func TestFly(t *testing.T) {
	text := treetest.Read(t, top, "deploy/fly.toml")
	var whole map[string]any
	if err := toml.Unmarshal([]byte(text), &whole); err != nil {
		t.Fatal(err)
	}
	validate(t, "fly.schema.json", whole)
	var app struct {
		KillSignal  string            `toml:"kill_signal"`
		KillTimeout string            `toml:"kill_timeout"`
		Env         map[string]string `toml:"env"`
		Service     struct {
			Port   int                             `toml:"internal_port"`
			Checks []struct{ Method, Path string } `toml:"checks"`
		} `toml:"http_service"`
	}
	if err := toml.Unmarshal([]byte(text), &app); err != nil {
		t.Fatal(err)
	}
	for name := range app.Env {
		knows(t, name)
	}
	if wait, err := time.ParseDuration(app.KillTimeout); err != nil || wait <= 25*time.Second || app.KillSignal != "SIGTERM" {
		t.Errorf("%s, and %s later the end: the program drains for 25 seconds", app.KillSignal, app.KillTimeout)
	}
	if app.Env["PORT"] != "8000" || app.Service.Port != 8000 || len(app.Service.Checks) != 1 || app.Service.Checks[0].Path != "/healthz" {
		t.Errorf("%+v", app)
	}
}

func TestCloudRun(t *testing.T) {
	text := treetest.Read(t, top, "deploy/cloud-run.yaml")
	var whole map[string]any
	if err := yaml.Unmarshal([]byte(text), &whole); err != nil {
		t.Fatal(err)
	}
	validate(t, "cloud-run.schema.json", whole)
	variables := regexp.MustCompile(`(?m)- name: ([A-Z_]+)$`).FindAllStringSubmatch(text, -1)
	if len(variables) == 0 {
		t.Error("there are no variables")
	}
	for _, variable := range variables {
		knows(t, variable[1])
	}
	if timeout := regexp.MustCompile(`name: SHUTDOWN_TIMEOUT\n\s+value: 9s\n`); !timeout.MatchString(text) {
		t.Error("SHUTDOWN_TIMEOUT is not below the ten seconds that there are")
	}
}

// blueprint has the fields of Render's Blueprint that the file uses, after
// https://render.com/docs/blueprint-spec. No other field is accepted.
type blueprint struct {
	Services []struct {
		Type, Name, Runtime, Plan string
		BuildCommand              string `yaml:"buildCommand"`
		StartCommand              string `yaml:"startCommand"`
		HealthCheckPath           string `yaml:"healthCheckPath"`
		MaxShutdownDelaySeconds   int    `yaml:"maxShutdownDelaySeconds"`
		NumInstances              int    `yaml:"numInstances"`
		Disk                      struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			SizeGB    int    `yaml:"sizeGB"`
		}
		EnvVars []struct {
			Key, Value    string
			GenerateValue bool `yaml:"generateValue"`
		} `yaml:"envVars"`
	}
}

func TestRender(t *testing.T) {
	decoder := yaml.NewDecoder(strings.NewReader(treetest.Read(t, top, "deploy/render.yaml")))
	decoder.KnownFields(true)
	var file blueprint
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) || len(file.Services) != 1 {
		t.Fatalf("%+v, then %v; want one service", file, err)
	}
	s := file.Services[0]
	if s.Type != "web" || s.Runtime != "go" || s.HealthCheckPath != "/healthz" || s.NumInstances != 1 || s.MaxShutdownDelaySeconds <= 25 || s.MaxShutdownDelaySeconds > 300 {
		t.Errorf("%+v", s)
	}
	for _, variable := range s.EnvVars {
		knows(t, variable.Key)
		if variable.Key == "DATA_FILE" && !strings.HasPrefix(variable.Value, s.Disk.MountPath+"/") {
			t.Errorf("DATA_FILE is %s, which is not on the disk at %s", variable.Value, s.Disk.MountPath)
		}
		if variable.GenerateValue == (variable.Value != "") {
			t.Errorf("%s has both a value and none", variable.Key)
		}
	}
	if !strings.Contains(s.BuildCommand, "-o "+s.StartCommand+" ./app") {
		t.Errorf("%q does not build what %q starts", s.BuildCommand, s.StartCommand)
	}
}

// The proxies in front tell the program who asks and by which scheme, and send no request twice.
func TestProxies(t *testing.T) {
	nginx := treetest.Read(t, top, "deploy/nginx.conf")
	for _, line := range []string{
		"proxy_pass http://127.0.0.1:8000;", "proxy_next_upstream off;", "proxy_http_version 1.1;", "proxy_set_header Host $http_host;",
		"proxy_set_header X-Forwarded-For $remote_addr;", "proxy_set_header X-Forwarded-Proto $scheme;",
	} {
		if !strings.Contains(nginx, line) {
			t.Errorf("nginx.conf lacks %s", line)
		}
	}
	unit := treetest.Read(t, top, "deploy/counter.service")
	for name, text := range map[string]string{"Caddyfile": treetest.Read(t, top, "deploy/Caddyfile"), "nginx.conf": nginx} {
		address := regexp.MustCompile(`127\.0\.0\.1:(\d+)`).FindStringSubmatch(text)
		if address == nil || !strings.Contains(unit, "HOST=127.0.0.1 PORT="+address[1]+" ") {
			t.Errorf("%s does not ask where counter.service listens", name)
		}
	}
	for line := range strings.SplitSeq(treetest.Read(t, top, "deploy/counter.env"), "\n") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), "="); ok && !strings.HasPrefix(line, "# ") {
			knows(t, name)
		}
	}
}

// docs/deploying.md says of each place, on less than a screen, which store survives and how many
// processes may run.
func TestDeploying(t *testing.T) {
	text := treetest.Read(t, top, "docs/deploying.md")
	for place, files := range map[string][]string{
		"Heroku":                {"app.json", "Procfile"},
		"A server with systemd": {"deploy/counter.service", "deploy/Caddyfile", "deploy/nginx.conf"},
		"A container":           {"Dockerfile", "compose.yaml"},
		"Fly":                   {"deploy/fly.toml"},
		"Render":                {"deploy/render.yaml"},
		"Cloud Run":             {"deploy/cloud-run.yaml"},
	} {
		_, section, found := strings.Cut(text, "\n## "+place+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if lines := strings.Count(section, "\n"); !found || lines > 40 {
			t.Errorf("%s: %d lines", place, lines)
		}
		for _, part := range []string{"\n- **Store:** ", "\n- **Processes:** "} {
			if !strings.Contains(section, part) {
				t.Errorf("%s lacks %q", place, part)
			}
		}
		for _, file := range files {
			if !strings.Contains(text, "(../"+file+")") {
				t.Errorf("there is no link to %s", file)
			}
		}
	}
}

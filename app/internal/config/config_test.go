package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/config"
)

// env reads variables from a map, as os.Getenv does from the process.
func env(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestLoad(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want config.Config
	}{
		"nothing set": {nil, config.Config{Port: 8000, ShutdownTimeout: 25 * time.Second}},
		"empty is not set": {
			map[string]string{"HOST": "", "PORT": "", "REDIS_URL": "", "DEBUG": "", "SHUTDOWN_TIMEOUT": ""},
			config.Config{Port: 8000, ShutdownTimeout: 25 * time.Second},
		},
		"all set": {
			map[string]string{"HOST": "::1", "PORT": "0", "REDIS_URL": "redis://h", "DEBUG": "true", "SHUTDOWN_TIMEOUT": "1m30s"},
			config.Config{Host: "::1", RedisURL: "redis://h", Debug: true, ShutdownTimeout: 90 * time.Second},
		},
	} {
		if got, err := config.Load(env(test.env)); err != nil || got != test.want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, test.want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for variable, values := range map[string][]string{
		"HOST":             {"localhost", "127.0.0.1:80", " ", "256.0.0.1"},
		"PORT":             {"http", "-1", "65536", "8000 ", "80.0", "0x50", strings.Repeat("9", 1000)},
		"DEBUG":            {"yes", "2", "on", "true "},
		"SHUTDOWN_TIMEOUT": {"25", "0s", "-1s", "s", "forever"},
	} {
		for _, value := range values {
			_, err := config.Load(env(map[string]string{variable: value}))
			fault, ok := errors.AsType[*config.Error](err)
			if !ok || fault.Variable != variable {
				t.Errorf("%s=%q: %v; want a *config.Error that names it", variable, value, err)
				continue
			}
			line := err.Error()
			if !strings.HasPrefix(line, variable+" is ") || !strings.Contains(line, "for example "+variable+"=") ||
				strings.Contains(line, "\n") || len(line) > 200 {
				t.Errorf("%s=%q: %q is not the one short line that says what is wrong and how to mend it", variable, value, line)
			}
		}
	}
}

func TestLoadRefusesEveryFaultAtOnce(t *testing.T) {
	_, err := config.Load(env(map[string]string{"PORT": "x", "DEBUG": "x"}))
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 2 {
		t.Errorf("%q; want a line for PORT and one for DEBUG", lines)
	}
}

// The examples in the error lines must be accepted themselves.
func TestExamplesAreAccepted(t *testing.T) {
	for _, variable := range []string{"HOST", "PORT", "DEBUG", "SHUTDOWN_TIMEOUT"} {
		_, err := config.Load(env(map[string]string{variable: "!"}))
		fault, ok := errors.AsType[*config.Error](err)
		if !ok {
			t.Fatalf("%s=!: %v", variable, err)
		}
		if _, err := config.Load(env(map[string]string{variable: fault.Example})); err != nil {
			t.Errorf("the example of %s: %v", variable, err)
		}
	}
}

// Package config turns the environment into a [Config], and refuses what is
// wrong with a line that says how to mend it. Nothing else configures the
// program.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// Config is how the program was told to run.
type Config struct {
	// Host is the address to listen on; empty, every address of the machine.
	Host string
	// Port is where the page is served. 0 lets the system choose.
	Port uint16
	// RedisURL says where Redis is, and may hold a password. Empty, counts are
	// kept in memory.
	RedisURL string
	// Debug turns on development logs and shows errors in the page.
	Debug bool
	// ShutdownTimeout is how long requests in flight may take to end after the
	// signal to stop.
	ShutdownTimeout time.Duration
}

// Error is a variable with a value the program can't run with.
type Error struct {
	Variable, Fault, Example string
}

// Error says what is wrong in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s; for example %s=%s", e.Variable, e.Fault, e.Variable, e.Example)
}

// Load reads the configuration through getenv, which is os.Getenv outside of
// tests. A variable that is empty is as good as not set. The error joins an
// [*Error] for every variable that is wrong.
func Load(getenv func(string) string) (Config, error) {
	cfg := Config{
		RedisURL:        getenv("REDIS_URL"),
		Port:            8000,
		ShutdownTimeout: 25 * time.Second,
	}
	return cfg, errors.Join(
		set(&cfg.Host, getenv, "HOST", parseHost, "127.0.0.1"),
		set(&cfg.Port, getenv, "PORT", parsePort, "8000"),
		set(&cfg.Debug, getenv, "DEBUG", parseBool, "true"),
		set(&cfg.ShutdownTimeout, getenv, "SHUTDOWN_TIMEOUT", parseTimeout, "25s"),
	)
}

// set gives field the variable's parsed value, and leaves the default in place
// where the variable is not set.
func set[T any](field *T, getenv func(string) string, variable string, parse func(string) (T, error), example string) error {
	text := getenv(variable)
	if text == "" {
		return nil
	}
	value, err := parse(text)
	if err != nil {
		return &Error{Variable: variable, Fault: fmt.Sprintf("is %.40q, %v", text, err), Example: example}
	}
	*field = value
	return nil
}

func parseHost(text string) (string, error) {
	if _, err := netip.ParseAddr(text); err != nil {
		return "", errors.New("which is no IP address")
	}
	return text, nil
}

func parsePort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, errors.New("which is no port number from 0 to 65535")
	}
	return uint16(port), nil
}

func parseBool(text string) (bool, error) {
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("which is neither true nor false")
	}
	return value, nil
}

func parseTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, errors.New("which is no time above zero with its unit")
	}
	return timeout, nil
}

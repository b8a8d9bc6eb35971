package redistest

import (
	"os"
	"path/filepath"
	"strings"
)

// configure writes the server's configuration. From then on the server may rewrite it, as CONFIG
// REWRITE and Sentinel tell it to.
func (s *Server) configure() error {
	return os.WriteFile(s.config(), []byte(configuration(s.arguments())), 0o600)
}

func (s *Server) config() string { return filepath.Join(s.dir, "redis.conf") }

// arguments returns the settings: the defaults, the test's, and those that are fixed.
func (s *Server) arguments() []string {
	var args []string
	if !s.sentinel {
		args = append(args, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
			"--auto-aof-rewrite-percentage", "0", "--repl-diskless-sync-delay", "0")
	}
	args = append(args, s.args...)
	if s.announced != nil {
		args = append(args, s.announced(s.port)...)
	}
	args = append(args,
		"--bind", "127.0.0.1", "--dir", s.dir,
		"--daemonize", "no", "--loglevel", "notice", "--logfile", "")
	return append(args, s.tls.arguments(s.port)...)
}

// configuration returns the text of a configuration file that says the same as the arguments.
func configuration(args []string) string {
	var text strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, "--"); ok {
			text.WriteString("\n" + name)
		} else {
			text.WriteString(` "` + escape.Replace(arg) + `"`)
		}
	}
	return text.String() + "\n"
}

package config_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/config"
)

func TestCompat(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                nil,
		"ghpvc":                           {"ghpvc"},
		" GHPVC, busuanzi,,ghpvc ":        {"busuanzi", "ghpvc"},
		"hits.seeyoufarm.com,Komarev.com": {"ghpvc", "seeyoufarm"},
		"all":                             config.Services(),
		"ghpvc,all":                       config.Services(),
	} {
		cfg, err := config.Load(env(map[string]string{"COMPAT": text}))
		if err != nil || !slices.Equal(cfg.Compat, want) {
			t.Errorf("%q: %v, %v; want %v", text, cfg.Compat, err, want)
		}
	}
}

// The error names what is not known, and all that is.
func TestCompatRefuses(t *testing.T) {
	for _, text := range []string{"ghpvcs", "ghpvc busuanzi", "none", "ghpvc,\x00", "https://hits.sh"} {
		_, err := config.Load(env(map[string]string{"COMPAT": text}))
		if err == nil || !strings.HasPrefix(err.Error(), "COMPAT is ") || !strings.Contains(err.Error(), strings.Join(config.Services(), ", ")) || strings.ContainsAny(err.Error(), "\n\x00") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

package counterredis

import "testing"

// A Redis that loads its append-only file says that it writes none.
func TestFactsWhileLoading(t *testing.T) {
	for name, tt := range map[string]struct {
		facts facts
		want  int
	}{
		"loads":                      {facts{"loading": "1", "aof_enabled": "0", "appendonly": "yes", "appendfsync": "always", "save": ""}, 0},
		"loads, CONFIG is forbidden": {facts{"loading": "1", "aof_enabled": "0"}, 0},
		"loads and writes none":      {facts{"loading": "1", "aof_enabled": "0", "appendonly": "no", "save": ""}, 1},
		"has loaded":                 {facts{"loading": "0", "aof_enabled": "0", "appendonly": "yes", "save": ""}, 1},
	} {
		if warnings := tt.facts.warnings(false); len(warnings) != tt.want {
			t.Errorf("%s: %q; want %d", name, warnings, tt.want)
		}
	}
}

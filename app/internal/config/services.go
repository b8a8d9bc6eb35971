package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Services returns the names of the other services whose addresses this program can serve.
func Services() []string {
	return []string{
		"abacus", "busuanzi", "countapi", "counterapi", "dwyl", "ghpvc", "goatcounter", "hits.sh", "hitscounter", "moe",
		"profile-counter", "pufler", "seeyoufarm", "soxft", "vercount", "visitor-badge", "visitorbadge",
	}
}

// parseServices reads names of services, joined by commas. A service may also be named by
// its host. "all" stands for all of them.
func parseServices(text string) ([]string, error) {
	var services []string
	for part := range strings.SplitSeq(text, ",") {
		name := strings.ToLower(strings.TrimSpace(part))
		if host, ok := serviceAt(name); ok {
			name = host
		}
		switch {
		case name == "":
		case name == "all":
			services = append(services, Services()...)
		case slices.Contains(Services(), name):
			services = append(services, name)
		default:
			return nil, fmt.Errorf("and %.40q is not a service: use all, or some of %s", strings.TrimSpace(part), strings.Join(Services(), ", "))
		}
	}
	if len(services) == 0 && strings.TrimSpace(text) != "" {
		return nil, errors.New("and names no service")
	}
	slices.Sort(services)
	return slices.Compact(services), nil
}

// serviceAt returns the name of the service that has, or had, the host.
func serviceAt(host string) (name string, ok bool) {
	switch host {
	case "komarev.com":
		return "ghpvc", true
	case "visitor-badge.laobi.icu", "visitor-badge.glitch.me":
		return "visitor-badge", true
	case "hits.seeyoufarm.com":
		return "seeyoufarm", true
	case "hits.dwyl.com":
		return "dwyl", true
	case "hitscounter.dev":
		return "hitscounter", true
	case "badges.pufler.dev":
		return "pufler", true
	case "profile-counter.glitch.me":
		return "profile-counter", true
	case "count.getloli.com":
		return "moe", true
	case "visitorbadge.io":
		return "visitorbadge", true
	case "counterapi.dev":
		return "counterapi", true
	case "busuanzi.ibruce.info":
		return "busuanzi", true
	case "soxft/busuanzi":
		return "soxft", true
	default:
		return "", false
	}
}

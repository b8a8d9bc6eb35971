package counters

import (
	"errors"
	"fmt"
	"strings"
)

// Sites says which hosts are counted. The zero value counts every host.
type Sites struct {
	hosts   map[string]string // to the host under which each is counted
	domains []domain
}

// domain matches all hosts below one.
type domain struct {
	suffix string // begins with a dot
	under  string // if empty, each host counts under its own name
}

// ParseSites reads the value of SITES: hosts, separated by commas. *.example.org stands for all
// hosts below example.org but not for example.org itself. a=b counts a under b. A blank text
// counts every host. The error names the part that is wrong.
func ParseSites(text string) (Sites, error) {
	var sites Sites
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if err := sites.add(part); err != nil {
			return Sites{}, fmt.Errorf("and %.40q is not a site: %w", part, err)
		}
	}
	if sites.Any() && strings.TrimSpace(text) != "" {
		return Sites{}, errors.New("and lists no site")
	}
	return sites, nil
}

func (s *Sites) add(part string) error {
	host, under, renamed := strings.Cut(part, "=")
	host, below := strings.CutPrefix(strings.TrimSpace(host), "*.")
	host, err := normalHost(host)
	if err != nil {
		return err
	}
	if renamed {
		if under, err = normalHost(strings.TrimSpace(under)); err != nil {
			return err
		}
	}
	if s.hosts == nil {
		s.hosts = map[string]string{}
	}
	switch {
	case below:
		s.domains = append(s.domains, domain{"." + host, under})
	case renamed:
		s.hosts[host] = under
	default:
		s.hosts[host] = host
	}
	if _, listed := s.hosts[under]; renamed && !listed {
		s.hosts[under] = under
	}
	return nil
}

// Any reports whether every host is counted.
func (s Sites) Any() bool { return s.hosts == nil }

// Host returns the host under which a host is counted, both in normal form. It returns false
// if the host is not counted.
func (s Sites) Host(host string) (string, bool) {
	if s.Any() {
		return host, true
	}
	if under, ok := s.hosts[host]; ok {
		return under, true
	}
	for _, domain := range s.domains {
		if strings.HasSuffix(host, domain.suffix) {
			if domain.under != "" {
				return domain.under, true
			}
			return host, true
		}
	}
	return "", false
}

// Only returns the host that is counted, if exactly one is.
func (s Sites) Only() (host string, ok bool) {
	for _, under := range s.hosts {
		if host != "" && host != under {
			return "", false
		}
		host = under
	}
	return host, host != "" && len(s.domains) == 0
}

package counterredis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// mistaken returns what the server is, if err, its answer to a trial, comes from a client that
// takes it for something else. A node of a Cluster and a Sentinel look like a Redis at first.
func (s *Store) mistaken(ctx context.Context, err error) error {
	switch {
	case s.cluster == nil && replied(err, "MOVED "):
		return errors.New("it is a node of a Cluster, which the option addr of the URL must say")
	case !replied(err, "unknown command"):
		return nil
	case namesSentinel(err):
		return fmt.Errorf("no Sentinel is there, so leave out the option master_name, or name the port of the Sentinels, like 26379: %w", cause(ctx, err))
	}
	for _, opts := range s.entrances() {
		names, ok := watched(ctx, opts)
		if !ok {
			continue
		}
		return fmt.Errorf("%s is a Sentinel, which has no counters: the URL must end with ?master_name=%s, "+
			"with the login to Redis in the options username and password after it", opts.Addr, strings.Join(names, " or ?master_name="))
	}
	return nil
}

// namesSentinel reports whether the command that the server does not know is SENTINEL.
func namesSentinel(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "unknown command 'sentinel'") || strings.Contains(text, "unknown command `sentinel`")
}

// entrances are the options for the servers that the client asks first.
func (s *Store) entrances() []redis.Options {
	if s.cluster == nil {
		return []redis.Options{optionsLike(s.single)}
	}
	of := s.cluster.Options()
	var all []redis.Options
	for _, addr := range of.Addrs {
		all = append(all, redis.Options{
			Addr: addr, Dialer: of.Dialer, TLSConfig: of.TLSConfig,
			Username: of.Username, Password: of.Password, Protocol: of.Protocol,
			DialTimeout: of.DialTimeout, DialerRetries: 1, ReadTimeout: cmp.Or(of.ReadTimeout, -1), WriteTimeout: cmp.Or(of.WriteTimeout, -1),
			ContextTimeoutEnabled: true, MaxRetries: -1, DisableIdentity: true,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		})
	}
	return all
}

// watched returns the escaped names of the primaries that the server watches. If the server is not
// a Sentinel, ok is false.
func watched(ctx context.Context, opts redis.Options) (names []string, ok bool) {
	opts.DB, opts.ClientName = 0, "" // a Sentinel knows no SELECT
	client := redis.NewClient(&opts)
	defer client.Close()
	role, err := client.Do(ctx, "role").Slice()
	if err != nil || len(role) == 0 || role[0] != "sentinel" {
		return nil, false
	}
	if len(role) > 1 {
		known, _ := role[1].([]any)
		for _, name := range known[:min(len(known), maxKeyWarnings)] {
			names = append(names, fmt.Sprintf("%.100s", url.QueryEscape(fmt.Sprint(name))))
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		names = []string{"name"}
	}
	return names, true
}

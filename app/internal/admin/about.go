package admin

import (
	"context"
	"fmt"
	"time"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/safety"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/templates"
)

// pingTimeout bounds how long a page waits for the store to say that it is there.
const pingTimeout = 2 * time.Second

// About is what the site tells of the process.
type About struct {
	// Revision names the commit the program was built from.
	Revision string
	// Started is when the process did.
	Started time.Time
	// Warnings returns what endangers the counts. It must not wait.
	Warnings func() []string
}

// NewAbout returns what is to be told of a process that starts now.
func NewAbout(cfg config.Config, watch *safety.Watch) About {
	return About{Revision: cfg.Revision, Started: time.Now(), Warnings: watch.Warnings}
}

// gatherer is a store that keeps additions until they are counted.
type gatherer interface {
	Stats() coalesce.Stats
}

// describe says what is known of the store.
func (s *site) describe(ctx context.Context) templates.AdminStore {
	told := templates.AdminStore{
		Name: "a store without a name", Revision: s.about.Revision,
		Uptime: time.Since(s.about.Started).Truncate(time.Second).String(),
	}
	if name, ok := counter.As[fmt.Stringer](s.store); ok {
		told.Name = name.String()
	}
	if s.about.Warnings != nil {
		told.Warnings = s.about.Warnings()
	}
	if kept, ok := counter.As[gatherer](s.store); ok {
		stats := kept.Stats()
		told.Gathers, told.Pending, told.Healed, told.Failing = true, stats.Pending, stats.Healed, stats.Failing
	}
	if pinger, ok := counter.As[counter.Pinger](s.store); ok {
		ctx, cancel := context.WithTimeout(ctx, pingTimeout)
		defer cancel()
		if err := pinger.Ping(ctx); err != nil {
			told.Fault = err.Error()
		}
	}
	return told
}

package admin

import (
	"context"
	"time"

	"example.com/herokuapp/app/internal/store"
	"example.com/herokuapp/templates"
)

// About is what the site tells of the process.
type About struct {
	// Revision names the commit the program was built from.
	Revision string
	// Started is when the process did.
	Started time.Time
	// Health tells how the store is.
	Health *store.Health
}

// describe says what is known of the store.
func (s *site) describe(ctx context.Context) templates.AdminStore {
	report := s.about.Health.Report(ctx)
	told := templates.AdminStore{
		Name: report.Name, Warnings: report.Warnings,
		Gathers: report.Gathers, Pending: report.Stats.Pending, Healed: report.Stats.Healed, Failing: report.Stats.Failing,
		Revision: s.about.Revision, Uptime: time.Since(s.about.Started).Truncate(time.Second).String(),
	}
	if report.Fault != nil {
		told.Fault = report.Fault.Error()
	}
	return told
}

package main

import (
	"errors"
	"testing"
	"time"
)

func TestChangelog(t *testing.T) {
	tests := []struct {
		name, text, want string
		wantErr          error
	}{
		{
			name: "the first version",
			text: "# Changelog\n\nWords.\n\n## Unreleased\n\n- One.\n- Two.\n",
			want: "# Changelog\n\nWords.\n\n## Unreleased\n\n## v0.2.0 - 2026-03-01\n\n- One.\n- Two.\n",
		},
		{
			name: "after another",
			text: "# Changelog\n\n## Unreleased\n\n- Two.\n\n### More\n\nWords.\n\n\n## v0.1.0 - 2026-01-01\n\n- One.\n",
			want: "# Changelog\n\n## Unreleased\n\n## v0.2.0 - 2026-03-01\n\n- Two.\n\n### More\n\nWords.\n\n" +
				"## v0.1.0 - 2026-01-01\n\n- One.\n",
		},
		{
			name: "at the top, and close together",
			text: "## Unreleased\n- Two.\n## v0.1.0 - 2026-01-01\n- One.\n",
			want: "## Unreleased\n\n## v0.2.0 - 2026-03-01\n\n- Two.\n\n## v0.1.0 - 2026-01-01\n- One.\n",
		},
		{name: "nothing", text: "## Unreleased\n", wantErr: errNothing},
		{name: "nothing since", text: "## Unreleased\n\n## v0.1.0 - 2026-01-01\n\n- One.\n", wantErr: errNothing},
		{name: "nothing since, close together", text: "## Unreleased\n## v0.1.0\n- One.\n", wantErr: errNothing},
		{name: "no heading", text: "# Changelog\n\n- One.\n", wantErr: errNoHeading},
		{name: "another heading", text: "# Changelog\n\n### Unreleased\n\n- One.\n", wantErr: errNoHeading},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := changelog(tt.text, "v0.2.0", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
			if got != tt.want || !errors.Is(err, tt.wantErr) {
				t.Errorf("got %q, %v, want %q, %v", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

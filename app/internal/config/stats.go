package config

import "errors"

// Stats says who may look at when pages were viewed: at their stats pages, charts and
// histories. The zero value is [StatsPublic].
type Stats string

// Who may look.
const (
	StatsPublic Stats = ""
	StatsOwner  Stats = "owner"
	StatsOff    Stats = "off"
)

func parseStats(text string) (Stats, error) {
	switch text {
	case "public":
		return StatsPublic, nil
	case string(StatsOwner), string(StatsOff):
		return Stats(text), nil
	}
	return "", errors.New("neither public nor owner nor off")
}

package config

import "go.uber.org/fx"

// Module provides the [Config]. It was loaded before there was anything to wire,
// so that what is wrong with it is said in its own words alone.
func Module(cfg Config) fx.Option {
	return fx.Module("config", fx.Supply(cfg))
}

package config

import "go.uber.org/fx"

// Module provides the [Config], from the environment that getenv reads.
func Module(getenv func(string) string) fx.Option {
	return fx.Module("config", fx.Provide(func() (Config, error) { return Load(getenv) }))
}

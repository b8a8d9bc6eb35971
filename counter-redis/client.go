package counterredis

import (
	"cmp"

	"github.com/redis/go-redis/v9"
)

// client returns a client for the target.
func (t *target) client(opts Options) (redis.UniversalClient, redis.Hook) {
	if t.kind != single && t.server.TLSConfig != nil {
		t.server.TLSConfig.ServerName = "" // each server has its own
	}
	opts.apply(t.server)
	hook := connHook{tls: t.server.TLSConfig != nil, socket: t.server.Network == "unix", silent: t.server.Protocol == 2}
	switch t.kind {
	case cluster:
		nodes := t.universal().Cluster()
		nodes.DisableRoutingPolicies = true // they ask for COMMAND, which hosts may refuse
		client := redis.NewClusterClient(nodes)
		client.OnNewNode(func(node *redis.Client) {
			node.AddHook(hook)
			node.AddHook(slotsHook{node})
		})
		return client, hook
	case sentinels:
		client := redis.NewFailoverClient(t.universal().Failover())
		client.AddHook(hook)
		return client, hook
	default:
		client := redis.NewClient(t.server)
		client.AddHook(hook)
		return client, hook
	}
}

// universal returns the options in the form that go-redis converts to options for a Cluster
// or for Sentinels.
func (t *target) universal() *redis.UniversalOptions {
	server := t.server
	return &redis.UniversalOptions{
		Addrs:            t.addrs,
		MasterName:       t.masterName,
		SentinelUsername: t.sentinelUser,
		SentinelPassword: t.sentinelPassword,
		MaxRedirects:     t.maxRedirects,

		ClientName: server.ClientName,
		DB:         server.DB,
		Protocol:   server.Protocol,
		Username:   server.Username,
		Password:   server.Password,
		TLSConfig:  server.TLSConfig,

		MaxRetries:            server.MaxRetries,
		DialTimeout:           server.DialTimeout,
		DialerRetries:         server.DialerRetries,
		DialerRetryTimeout:    server.DialerRetryTimeout,
		ReadTimeout:           server.ReadTimeout,
		WriteTimeout:          server.WriteTimeout,
		ContextTimeoutEnabled: server.ContextTimeoutEnabled,

		PoolFIFO:              server.PoolFIFO,
		PoolSize:              server.PoolSize,
		MaxConcurrentDials:    server.MaxConcurrentDials,
		PoolTimeout:           server.PoolTimeout,
		MinIdleConns:          server.MinIdleConns,
		MaxIdleConns:          server.MaxIdleConns,
		MaxActiveConns:        server.MaxActiveConns,
		ConnMaxIdleTime:       server.ConnMaxIdleTime,
		ConnMaxLifetime:       server.ConnMaxLifetime,
		ConnMaxLifetimeJitter: server.ConnMaxLifetimeJitter,

		PipelinePoolSize:        server.PipelinePoolSize,
		PipelineReadBufferSize:  server.PipelineReadBufferSize,
		PipelineWriteBufferSize: server.PipelineWriteBufferSize,

		DisableIdentity:          server.DisableIdentity,
		IdentitySuffix:           server.IdentitySuffix,
		MaintNotificationsConfig: server.MaintNotificationsConfig,
	}
}

// apply sets on the options of a server what these say of it.
func (o Options) apply(server *redis.Options) {
	if o.TLS != nil && server.TLSConfig != nil {
		host := server.TLSConfig.ServerName
		server.TLSConfig = o.TLS.Clone()
		server.TLSConfig.ServerName = cmp.Or(o.TLS.ServerName, host)
	}
	if o.MaxConns > 0 {
		server.PoolSize = o.MaxConns // limits nothing without the next option
		server.MaxActiveConns = o.MaxConns
		server.MinIdleConns = min(server.MinIdleConns, o.MaxConns)
		server.PipelinePoolSize = -1 // pipelines would have a pool of their own
	}
}

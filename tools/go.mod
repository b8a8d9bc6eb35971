module example.com/herokuapp/tools

go 1.26.0

require (
	example.com/herokuapp/counter-core v0.1.0
	example.com/herokuapp/counter-file v0.1.0
	example.com/herokuapp/counter-memory v0.1.0
	example.com/herokuapp/counter-redis v0.1.0
	github.com/BurntSushi/toml v1.6.0
	github.com/CycloneDX/cyclonedx-go v0.12.0
	github.com/google/go-containerregistry v0.22.1
	github.com/gorilla/mux v1.8.1
	github.com/redis/go-redis/v9 v9.23.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	go.uber.org/zap v1.28.0
	go.yaml.in/yaml/v4 v4.0.0
	golang.org/x/crypto/x509roots/fallback v0.0.0-20261030153154-30a33513ff6d
	golang.org/x/mod v0.42.0
	pgregory.net/rapid v1.3.0
)

require golang.org/x/image v0.48.0 // indirect

require (
	example.com/herokuapp/templates v0.1.0
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/docker/cli v29.7.2+incompatible // indirect
	github.com/docker/docker-credential-helpers v0.9.3 // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/klauspost/compress v1.20.1 // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/opencontainers/image-spec v1.1.1 // indirect
	github.com/sirupsen/logrus v1.9.4 // indirect
	go.etcd.io/bbolt v1.5.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	golang.org/x/sync v0.25.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.44.0 // indirect
	gotest.tools/v3 v3.5.2 // indirect
)

replace (
	example.com/herokuapp/counter-core => ../counter-core
	example.com/herokuapp/counter-file => ../counter-file
	example.com/herokuapp/counter-memory => ../counter-memory
	example.com/herokuapp/counter-redis => ../counter-redis
)

replace example.com/herokuapp/templates => ../templates

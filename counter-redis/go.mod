module example.com/herokuapp/counter-redis

go 1.26.0

require (
	example.com/herokuapp/counter-core v0.1.0
	github.com/redis/go-redis/v9 v9.23.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace example.com/herokuapp/counter-core => ../counter-core

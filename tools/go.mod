module example.com/herokuapp/tools

go 1.26.0

require (
	example.com/herokuapp/counter-core v0.1.0
	example.com/herokuapp/counter-memory v0.1.0
	example.com/herokuapp/counter-redis v0.1.0
	github.com/gorilla/mux v1.8.1
	github.com/redis/go-redis/v9 v9.23.0
	go.uber.org/zap v1.28.0
	golang.org/x/mod v0.42.0
	modernc.org/sqlite v1.62.0
	pgregory.net/rapid v1.3.0
)

require go.etcd.io/bbolt v1.5.0 // indirect

require (
	example.com/herokuapp/counter-file v0.1.0
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	go.uber.org/atomic v1.12.0 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	golang.org/x/sync v0.25.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	modernc.org/libc v1.80.1 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)

replace (
	example.com/herokuapp/counter-core => ../counter-core
	example.com/herokuapp/counter-memory => ../counter-memory
	example.com/herokuapp/counter-redis => ../counter-redis
)

replace example.com/herokuapp/counter-file => ../counter-file

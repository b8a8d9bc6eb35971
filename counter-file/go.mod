module example.com/herokuapp/counter-file

go 1.26.0

require (
	example.com/herokuapp/counter-core v0.1.0
	go.etcd.io/bbolt v1.5.0
)

require (
	github.com/stretchr/testify v1.12.1 // indirect
	golang.org/x/sync v0.25.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace example.com/herokuapp/counter-core => ../counter-core

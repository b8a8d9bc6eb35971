module example.com/herokuapp/counter-core

go 1.26.0

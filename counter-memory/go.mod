module example.com/herokuapp/counter-memory

go 1.26.0

require example.com/herokuapp/counter-core v0.1.0

replace example.com/herokuapp/counter-core => ../counter-core

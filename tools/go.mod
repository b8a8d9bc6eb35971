module example.com/herokuapp/tools

go 1.26.0

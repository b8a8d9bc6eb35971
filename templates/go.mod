module example.com/herokuapp/templates

go 1.26.0

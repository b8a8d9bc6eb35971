package counterredis

import _ "embed"

// script applies one batch. It keeps to what Redis 6.2 knows.
//
//go:embed script.lua
var script string

package counterredis

import _ "embed"

// script applies one batch. It keeps to what Redis 6.2 knows.
//
//go:embed script.lua
var script string

// scriptHash is the SHA-1 of the script, by which a server knows it. It is a constant
// because programs under GODEBUG=fips140=only must not compute SHA-1.
const scriptHash = "8bc9f44021a61977e5d99442533b57dd6965dda7"

package counterredis_test

import (
	"flag"
	"testing"
)

// Parallel tests wait for servers far more than they compute, so more of them run at once than
// there are processors.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "4") // unless the command line says otherwise
	m.Run()
}

package counterredis

import (
	"crypto/sha1"
	"encoding/hex"
	"os"
	"os/exec"
	"testing"
)

func TestScriptHash(t *testing.T) {
	for text, want := range map[string]string{script: scriptHash, togetherScript: togetherHash} {
		hash := sha1.Sum([]byte(text))
		if got := hex.EncodeToString(hash[:]); got != want {
			t.Errorf("the hash of %.60q is %s; want %s", text, got, want)
		}
	}
}

// With Go's strict FIPS 140-3 mode, in which SHA-1 panics, the package counts.
func TestFIPS(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^(TestStore|TestOpenThroughTLS|TestWarnings)$", "-test.v")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, text)
	}
}

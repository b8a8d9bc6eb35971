package redistest_test

import "testing"

// The tests that the examples show.
func TestExamples(t *testing.T) {
	t.Run("Restart", testRestart)
	t.Run("LostReply", testLostReply)
}

// Package redistest starts real Redis servers for tests, on Unix. Each listens on
// the loopback interface alone, keeps its data in a folder of the test, and ends
// with the test; on Linux also when the test binary is killed.
//
//	server := redistest.Start(t)
//	client := server.Client()
package redistest

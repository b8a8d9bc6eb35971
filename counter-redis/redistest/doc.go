// Package redistest starts real Redis servers for tests: a single one,
// replicas of it, Sentinel, and Cluster. Each listens on the loopback interface
// alone, keeps its data in a folder of the test, and ends with the test; on Linux
// also when the test binary is killed. Stopping one and going on needs Unix.
// StartProxy puts a line before a server that can be made to fail, and a
// [Topology] one before each data server of Sentinel or Cluster.
//
//	server := redistest.Start(t)
//	client := server.Client()
package redistest

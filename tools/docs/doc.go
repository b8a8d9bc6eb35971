// Package docs tests that the documentation is right. It holds tests alone: one follows
// docs/guide.md as a reader does, one makes a backend of what docs/backend.md shows, and
// one compares the code that docs show with the files.
package docs

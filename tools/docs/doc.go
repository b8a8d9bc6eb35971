// Package docs tests that the documentation is right. It holds tests alone: one follows
// docs/guide.md as a reader does, and one compares the code that docs show with the files.
package docs

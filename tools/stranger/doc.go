// Package stranger tests that a program outside of this repository gets the modules
// it asks for, and nothing else. It holds tests alone.
//
// The tree, as it is now, is committed to a repository of the test's own and released there
// as the version that its modules require of each other. From the tags the modules
// are packed as a module proxy packs them. Programs in folders of their own get them
// from there with go get, without workspace, replacements and what this machine has
// downloaded before; they are built, and count. Modules of others come from this
// machine's module cache, which the go command fills first if it has to.
package stranger

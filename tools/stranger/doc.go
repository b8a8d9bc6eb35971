// Package stranger tests that a program outside this repository gets the modules it asks for, and
// nothing else. It has only tests.
//
// The tree as it is now is committed to a repository of the test's own, and released there as the
// version that its modules require of each other. The modules are packed from the tags, as a module
// proxy packs them. Programs in folders of their own get them from there by go get, without
// workspace, replacements, or anything this machine has downloaded before. Then they are built and
// run. Third-party modules come from this machine's module cache, which the go command fills first
// if it has to.
package stranger

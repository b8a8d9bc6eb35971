// Package deploy tests the files in deploy, and what docs/deploying.md says about them. It has only
// tests. The schemas in testdata are those of SchemaStore, under the Apache License 2.0. Render's
// schema may not be passed on, so the test lists its fields.
package deploy

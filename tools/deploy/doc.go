// Package deploy tests the files in deploy and what docs/deploying.md says of them. It holds
// tests alone. The schemas in testdata are those of SchemaStore, under the Apache License 2.0;
// Render's is not published for others to pass on, so its fields are listed in the test.
package deploy

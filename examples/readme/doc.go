// Package readme holds the tests of the project's README: its snippets
// compile, its commands run, its tables are those of the code, and the Korean
// README says the same.
package readme

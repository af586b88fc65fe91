// Package child has what all child processes of tests need.
package child

// Package check holds the checks of the prismcheck command: it acts as PRISM
// against a service API at any address and says, rule by rule, what PRISM or
// the rules of security would object to.
//
// Run goes through all checks of All in their order, on one channel of one
// account, and returns a Report. It makes lives and chat messages, ends every
// live that it put on air, and lifts every ban and right that it gave.
package check

// Package openapi holds the OpenAPI description against what the service
// answers: every answer of whole runs, and every answer that the description
// has. It has tests only.
package openapi

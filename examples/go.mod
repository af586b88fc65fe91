module github.com/b2bprism/b2bprism/examples

go 1.26.0

replace (
	github.com/b2bprism/b2bprism => ..
	github.com/b2bprism/b2bprism/store/sqlstore => ../store/sqlstore
)

require (
	github.com/b2bprism/b2bprism v0.0.0
	github.com/b2bprism/b2bprism/store/sqlstore v0.0.0
)

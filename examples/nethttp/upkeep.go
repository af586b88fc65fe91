package main

import "github.com/b2bprism/b2bprism/prism"

// openUpkeep starts what writes the numbers of lives and deletes what nobody
// needs any more. Every instance has both: the numbers add up, and one at a
// time deletes.
func (a *app) openUpkeep() error {
	var err error
	a.statistics, err = prism.NewStatistics(prism.StatisticsOptions{Store: a.store, Logger: a.log.Named("statistics")})
	if err != nil {
		return err
	}
	a.closeFirst(a.statistics.Close)
	sweeper, err := prism.NewSweeper(prism.SweeperOptions{Store: a.store, Logger: a.log.Named("sweeper")})
	if err != nil {
		return err
	}
	a.closeFirst(sweeper.Close)
	return nil
}

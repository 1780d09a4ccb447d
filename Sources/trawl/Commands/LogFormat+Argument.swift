import ArgumentParser
import Platform

extension LogFormat: ExpressibleByArgument {}

const express = require('express4')
const { serve } = require('../checks')

require('../express')(express, serve)

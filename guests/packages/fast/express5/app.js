const express = require('express')
const { serve } = require('../../checks')

require('../../express')(express, serve)

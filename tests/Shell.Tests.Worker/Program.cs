using Nitro.Shell.Tests.Worker;

// The process that tests start in order to kill it.
return args switch
{
    ["journal-append", var path, var owner, var seed] => await JournalAppender.RunAsync(path, owner, int.Parse(seed), opensEpochs: false),
    ["journal-epochs", var path, var owner, var seed] => await JournalAppender.RunAsync(path, owner, int.Parse(seed), opensEpochs: true),
    _ => 64,
};

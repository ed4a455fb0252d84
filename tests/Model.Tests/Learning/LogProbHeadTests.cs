using KnapsackCloud.Core.Learn.Objectives;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class LogProbHeadTests
{
    private const double Temperature = 0.7;

    // More rows than a chunk of a large vocabulary holds, and a vocabulary whose logits are one chunk; by the kernels, and by tensor operations.
    [Theory]
    [InlineData(70, 70_000, ScalarType.Float32)]
    [InlineData(9, 50, ScalarType.Float32)]
    [InlineData(9, 50, ScalarType.Float64)]
    public void Log_probs_entropies_and_gradients_are_those_of_autograd(int rows, int vocabulary, ScalarType precision)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (head_VxD, hidden_MD) = (randn(vocabulary, 4, dtype: precision), randn(rows, 4, dtype: precision));
        var (targets_M, weights_M, entropyWeights_M) = (randint(0, vocabulary, new long[] { rows }, dtype: ScalarType.Int64), randn(rows, dtype: precision), randn(rows, dtype: precision));
        var (tracked_VxD, trackedHidden_MD) = (head_VxD.clone().requires_grad_(true), hidden_MD.clone().requires_grad_(true));
        var logProbs_MV = nn.functional.linear(trackedHidden_MD, tracked_VxD).Times(1 / Temperature).log_softmax(-1);
        var expected_M = logProbs_MV.gather(1, targets_M.unsqueeze(1)).squeeze(1);
        var expectedEntropies_M = -(logProbs_MV.exp() * logProbs_MV).sum(-1);
        (expected_M * weights_M).sum().Plus((expectedEntropies_M * entropyWeights_M).sum()).backward();

        var head = new LogProbHead(head_VxD, Temperature);
        var (logProbs_M, entropies_M) = head.Forward(hidden_MD, targets_M);
        var headGradient_VxD = zeros_like(head_VxD);
        var gradient_MD = head.Backward(hidden_MD, targets_M, weights_M, headGradient_VxD, (entropies_M, entropyWeights_M));

        Closeness.AssertClose(expected_M, logProbs_M, 1e-5);
        Closeness.AssertClose(expectedEntropies_M, entropies_M, 1e-5);
        Closeness.AssertClose(trackedHidden_MD.grad!, gradient_MD, 1e-4);
        Closeness.AssertClose(tracked_VxD.grad!, headGradient_VxD, 1e-5);
    }

    [Fact]
    public void Entropies_and_their_derivatives_are_those_of_the_scalar_oracle()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var logits_MV = randn(5, 7, dtype: ScalarType.Float64);
        // With the identity as head the hidden states are the logits.
        var head = new LogProbHead(eye(7, dtype: ScalarType.Float64), temperature: 1);
        var targets_M = zeros(5, dtype: ScalarType.Int64);

        var (_, entropies_M) = head.Forward(logits_MV, targets_M);
        var gradient_MV = head.Backward(
            logits_MV, targets_M, zeros(5, dtype: ScalarType.Float64), zeros(7, 7, dtype: ScalarType.Float64), (entropies_M, ones(5, dtype: ScalarType.Float64)));

        for (var m = 0; m < 5; m++)
        {
            var (value, derivatives_V) = EntropyBonus.Of(logits_MV[m].data<double>().ToArray());
            Assert.Equal(value, entropies_M[m].item<double>(), 12);
            foreach (var (expected, actual) in derivatives_V.Zip(gradient_MV[m].data<double>().ToArray())) Assert.Equal(expected, actual, 12);
        }
    }
}
